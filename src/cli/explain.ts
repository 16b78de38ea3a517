import { Argument, Command } from 'commander';
import type { Config } from '../config/config.ts';
import { plain, quotedPath } from '../config/quote.ts';
import { count, dayOf, list, named } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { describeConflict } from '../share/both_ways/words.ts';
import {
  countByCriterion,
  explainPhotos,
  type Explanation,
  type JobCounts,
  type JobExplanation,
} from '../share/explain/explain.ts';
import { describeCriterion } from '../share/explain/words.ts';
import { planOnly } from '../share/plan_only.ts';
import { type Environment, print, printJson } from './output.ts';
import { stillAtWork } from './still_at_work.ts';
import { withDatabase } from './with_configuration.ts';

interface ExplainOptions {
  readonly job?: string;
  readonly files?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar explain`: why a photo is shared, or not. */
export function explainCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('explain')
    .description('Say whether a photo is shared with whom, why, and what stands against it. Changes nothing')
    .addArgument(new Argument('[photo]', "its id, its address in Immich's web page, its path or its file name"))
    .option('--job <name>', 'count by criterion what a share means, or explain the photo for this share only')
    .option('--files', 'name the files of what is shared')
    .option('--json', 'print it as one JSON object (docs/json.md)')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES);
  return command.action(async (photo: string | undefined, options: ExplainOptions) =>
    onExit(
      await withDatabase(
        env,
        options,
        (sql, config) => stillAtWork(() => 'still looking', () => explain(sql, config, photo, options)),
      ),
    )
  );
}

const EXAMPLES = `
Examples:
  immich-sidecar explain IMG_0042.HEIC
  immich-sidecar explain https://photos.example.com/photos/5f0c1f4e-9a53-4c9e-8a33-0d2b1f7ab111
  immich-sidecar explain /data/upload/alice/cat.jpg --files
  immich-sidecar explain --job family        what of it is in which album, of whom, …

Exit codes: 0 done, 2 there is no such photo, or no such share.`;

async function explain(
  sql: Connection,
  config: Config,
  photo: string | undefined,
  { job: jobName, files = false, json = false }: ExplainOptions,
): Promise<number> {
  if (photo === undefined && jobName === undefined) {
    throw new UserError('Neither a photo nor a share is named.', {
      problemCode: 'usage',
      remedy: 'See immich-sidecar explain --help.',
    });
  }
  return await planOnly(sql, config, jobName, async (tx, view) => {
    if (photo === undefined) {
      const counts = view.only === undefined ? undefined : await countByCriterion(tx, view.schema, view.only);
      if (counts !== undefined) json ? printJson({ ...counts }) : print(describeCounts(counts));
      return EXIT.ok;
    }
    const jobs = view.only === undefined ? view.jobs : [view.only];
    const photos = await explainPhotos(tx, { ...view, jobs }, photo.trim());
    if (photos.length === 0) {
      throw new UserError(`Immich knows no photo ${plain(JSON.stringify(photo))}.`, {
        problemCode: 'unknown-name',
        remedy:
          'Give the id or the address of the photo in Immich, its whole path, or the name of its file with its ending.',
      });
    }
    if (json) printJson({ photos });
    else print(withoutTheirMirrors(photos).map((one) => describePhoto(one, files)).join('\n'));
    return EXIT.ok;
  });
}

/** A name is that of a photo and of what others have of it, which is told with the photo. */
function withoutTheirMirrors(photos: readonly Explanation[]): readonly Explanation[] {
  const found = new Set(photos.map(({ assetId }) => assetId));
  return photos.filter(({ mirrorOf }) => mirrorOf === undefined || !found.has(mirrorOf.assetId));
}

function describePhoto({ assetId, path, owner, mirrorOf, jobs, conflicts }: Explanation, showsFiles: boolean): string {
  const heading = `${quotedPath(path)} (${assetId}), of ${plain(owner.name)}`;
  const origin = mirrorOf === undefined
    ? []
    : [`  is the shared photo ${mirrorOf.assetId} of ${plain(mirrorOf.owner.name)}`];
  const lines = jobs.length === 0
    ? [`  Nothing is shared of ${plain(mirrorOf?.owner.name ?? owner.name)}.`]
    : jobs.flatMap((job) => describeJob(job, showsFiles));
  return [heading, ...origin, ...lines, ...conflicts.flatMap(describeConflict).map((line) => `  ${line}`)].map((line) =>
    `${line}\n`
  ).join('');
}

function describeJob(explanation: JobExplanation, showsFiles: boolean): string[] {
  const { job, target, isShared, isMeant, isStopped, since, rememberedSince, reasons, because, against, mirror } =
    explanation;
  const known = because.map(({ words, since }) => `${plain(words)} (since ${dayOf(since)})`);
  const why = reasons.length === 0 ? '' : `, as it is ${list(known.length > 0 ? known : reasons)}`;
  const when = since === null ? '' : ` since ${dayOf(since)}`;
  const owner = mirror === undefined || mirror.job === job ? '' : `, by the share ${named(mirror.job)}`;
  const state = isShared
    ? isMeant ? `shared${when}${owner}${why}` : `shared${when}${owner}, but this share does not select it`
    : isMeant
    ? `not shared${isStopped ? '' : ' yet'}; it is selected${why}`
    : 'not shared';
  const files = mirror === undefined ? [] : [
    ...mirror.path === null ? [] : [`    as ${mirror.assetId}, ${quotedPath(mirror.path)}`],
    ...showsFiles ? mirror.files.map((file) => `      ${quotedPath(file)}`) : [],
  ];
  return [
    `  ${plain(target.name)}, share ${named(job)}: ${state}.`,
    ...against.map((sentence) => `    - ${plain(sentence)}`),
    ...rememberedSince === null ? [] : [
      `    What they had done to it until ${dayOf(rememberedSince)} is kept, and given back when it is shared again.`,
    ],
    ...files,
  ];
}

function describeCounts({ job, meant, criteria }: JobCounts): string {
  const lines = criteria.flatMap(describeCriterion).map((line) => `  ${line}`);
  return [
    `The share ${named(job)} selects ${
      count(meant, 'photo or video', 'photos and videos')
    } of those that may be shared.`,
    ...lines,
  ].map((line) => `${line}\n`).join('');
}
