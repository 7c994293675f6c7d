/** The CustomResourceDefinition as it lies in the repository. In the bundle it is embedded, without its explanations. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { JsonObject } from '../schema/json.ts';

const file = new URL('../../crds/schedulercluster.yaml', import.meta.url);

export const definition = parse(readFileSync(file, 'utf8')) as JsonObject;
