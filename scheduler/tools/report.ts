/** What a tool has to say, and how it exits. */
export interface ToolReport {
  readonly exitCode: number;
  readonly output: string;
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
