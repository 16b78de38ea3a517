import { onceMore } from './exiftool/once_more.ts';
import type { ExifToolPool } from './exiftool/pool.ts';
import { readTags } from './exiftool/read.ts';
import { readBack } from './quick_reading/read_back.ts';
import type { Losses } from './rest/loss.ts';
import { compareEverything } from './rest/everything.ts';
import { xmpLosses } from './rest/xmp_rest.ts';
import { isFromNothing, type WritePlan } from './tags.ts';
import { missingChanges } from './verify.ts';
import { TagProblem, WriteProblem } from './write_problem.ts';

/**
 * Proves that a file which was made for a plan says what the plan wants, shows the same picture as the old one, and is the same in
 * everything else: what others wrote, byte for byte or tag for tag.
 *
 * Throws TagProblem when that is not so because of some tags, WriteProblem otherwise.
 *
 * @param assertUnchanged throws when the old file is not any more what it was
 * @param suffix how many bytes a photo and its copy end with
 */
export async function verifyCopy(
  pool: ExifToolPool,
  plan: WritePlan,
  temporaryPath: string,
  assertUnchanged: () => void,
  suffix: number | undefined,
): Promise<void> {
  const quick = readBack(plan, temporaryPath, suffix);
  const isProven = quick !== undefined && missingChanges(plan, quick.tags).length === 0;
  if (!isProven) await onceMore(plan.path, () => verifyTags(pool, plan, temporaryPath, assertUnchanged));
  if (isFromNothing(plan)) return;
  const losses = quick?.losses ??
    await onceMore(plan.path, () => compareFiles(pool, plan, temporaryPath, quick?.isSamePicture === true));
  const [first] = losses;
  if (first === undefined) return;
  assertUnchanged();
  throw new TagProblem(plan.path, whatIsLost(losses), [...new Set(losses.flatMap(({ tags }) => tags))]);
}

function whatIsLost(losses: Losses): string {
  const named = [...new Set(losses.map(({ what }) => what.replace(/\s+/g, ' ').slice(0, 100)))];
  const more = named.length > 3 ? ` and ${named.length - 3} more` : '';
  return `ExifTool would not leave as it is what others wrote: ${named.slice(0, 3).join(', ')}${more}`;
}

async function verifyTags(
  pool: ExifToolPool,
  plan: WritePlan,
  temporaryPath: string,
  assertUnchanged: () => void,
): Promise<void> {
  const reading = (await readTags(pool, [temporaryPath], plan.changes.map(({ tag }) => tag))).get(temporaryPath);
  if (reading === undefined || reading.error !== undefined) {
    assertUnchanged();
    throw new WriteProblem(
      'unwritable',
      plan.path,
      `what ExifTool wrote cannot be read: ${reading?.error ?? 'no file'}`,
    );
  }
  const missing = missingChanges(plan, reading.tags).map(({ tag }) => tag);
  if (missing.length > 0) throw new TagProblem(plan.path, `ExifTool cannot write ${missing[0]} as wanted`, missing);
}

/** By ExifTool; the bytes of a sidecar here, as ExifTool does not see all that may be in them. */
async function compareFiles(
  pool: ExifToolPool,
  plan: WritePlan,
  temporaryPath: string,
  isSamePicture: boolean,
): Promise<Losses> {
  const { path, kind, changes } = plan;
  if (kind === 'sidecar') {
    const [before, after] = [path, temporaryPath].map((one) => [Deno.readTextFileSync(one)]);
    const losses = xmpLosses(before ?? [], after ?? [], changes.map(({ tag }) => tag));
    if (losses !== undefined) return losses;
  }
  const found = await compareEverything(pool, plan, path, temporaryPath);
  if (found === undefined) throw new WriteProblem('unwritable', path, 'what ExifTool wrote cannot be read');
  if (kind === 'sidecar' || isSamePicture) return found.losses;
  const [before, after] = found.hashes;
  if (before === undefined) {
    throw new WriteProblem('unwritable', path, 'ExifTool cannot tell whether its picture stays the same');
  }
  if (before !== after) throw new WriteProblem('unwritable', path, 'what ExifTool wrote shows another picture');
  return found.losses;
}
