import { API_CHECKS } from './api.ts';
import type { Check } from './check.ts';
import { DATABASE_CHECKS } from './database.ts';
import { FILE_CHECKS } from './files.ts';
import { IMMICH_CHECKS } from './immich.ts';
import { JOB_CHECKS } from './jobs.ts';
import { MIRROR_CHECKS } from './mirrors.ts';
import { PROGRAM_CHECKS } from './program.ts';
import { WRITE_CHECKS } from './write_back.ts';

/** Everything that is looked at, in the order of the page. */
export const CHECKS: readonly Check[] = Object.freeze([
  ...PROGRAM_CHECKS,
  ...DATABASE_CHECKS,
  ...IMMICH_CHECKS,
  ...API_CHECKS,
  ...JOB_CHECKS,
  ...FILE_CHECKS,
  ...MIRROR_CHECKS,
  ...WRITE_CHECKS,
]);
