/** Without a container engine an image is a program: the sources of this repository, run by this Node, or what this machine has. */
import path from 'node:path';
import { programs } from '../../common/workload.ts';

export const root = path.resolve(import.meta.dirname, '../..');

export const images = {
  'lingua-scheduler': {
    command: [process.execPath, path.join(root, 'scheduler/main.ts')],
    files: { [programs.node]: process.execPath, [programs.scheduler]: path.join(root, 'scheduler/main.ts') },
  },
  'lingua-operator': [process.execPath, path.join(root, 'operator/main.ts')],
  // As the entry point of the image, it runs what the arguments say; here from the PATH.
  redis: ['env'],
};
