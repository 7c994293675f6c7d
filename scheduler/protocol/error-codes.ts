/** Codes of `error`, and of `error_code` in `ui_event`. A node may send others; they are passed through. */
export const errorCodes = {
  invalidMessage: 'INVALID_MESSAGE',
  internal: 'INTERNAL_ERROR',
  invalidSession: 'INVALID_SESSION',
  sessionClosed: 'SESSION_CLOSED',
  unsupported: 'UNSUPPORTED_FEATURE',
  nodeUnavailable: 'NODE_UNAVAILABLE',
  nodeOverloaded: 'NODE_OVERLOADED',
  noAvailableNode: 'NO_AVAILABLE_NODE',
  jobTimeout: 'JOB_TIMEOUT',
  modelNotAvailable: 'MODEL_NOT_AVAILABLE',
  dependencyDown: 'SCHEDULER_DEPENDENCY_DOWN',
  noGpu: 'NO_GPU_AVAILABLE',
  invalidCapabilitySchema: 'INVALID_CAPABILITY_SCHEMA',
} as const;

/** What a person is told beside the code, in the language of the original's clients. */
const hints: Readonly<Record<string, string>> = {
  [errorCodes.nodeUnavailable]: '暂无可用节点，请稍后重试',
  [errorCodes.noAvailableNode]: '暂无可用节点，请稍后重试',
  [errorCodes.nodeOverloaded]: '系统繁忙，请稍后重试',
  [errorCodes.jobTimeout]: '任务处理超时，请重试',
  [errorCodes.modelNotAvailable]: '所需模型暂不可用，请稍后重试',
  [errorCodes.dependencyDown]: '服务暂时不可用，请稍后重试',
};

export const hintFor = (code: string): string | undefined => hints[code];
