/** What a SchedulerCluster asks for, to tell whether two forms of it ask for the same. */
import type { KubeObject } from '../kube/kube.ts';
import { pausedAnnotation, promoteAnnotation } from './labels.ts';

/** A change of the status alone asks for nothing. */
export const wishOf = ({ metadata }: KubeObject): string =>
  JSON.stringify([
    ...[metadata.uid, metadata.generation, metadata.deletionTimestamp],
    ...[pausedAnnotation, promoteAnnotation].map((name) => metadata.annotations?.[name]),
  ]);
