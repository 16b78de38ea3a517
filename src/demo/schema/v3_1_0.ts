import schema from './immich-v3.1.0.json' with { type: 'json' };
import type { SchemaDescription } from './schema.ts';

/** The release that the demo and the benchmarks play. */
export const IMMICH_3_1_0: SchemaDescription = schema;
