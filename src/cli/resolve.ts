import { Argument, Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { fold } from '../config/fold.ts';
import { count, list, named } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import {
  type DecidedConflict,
  type OpenConflict,
  readConflicts,
  type Side,
  SIDES,
} from '../share/both_ways/conflicts.ts';
import { decideConflicts, settleConflicts } from '../share/both_ways/resolve.ts';
import { isAboutPerson } from '../share/both_ways/people.ts';
import { describeConflict, describeFields, describeValue, FIELD_WORDS } from '../share/both_ways/words.ts';
import { findPhotos } from '../share/explain/find_photos.ts';
import { planOnly } from '../share/plan_only.ts';
import { type Environment, print, printJson } from './output.ts';
import { withDatabase } from './with_configuration.ts';

interface ResolveOptions {
  readonly take?: Side;
  readonly field?: readonly string[];
  readonly job?: string;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar resolve`: which of two values counts, where both users have changed the same thing. */
export function resolveCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('resolve')
    .description('List what two users have both changed, and say whose value counts for both')
    .addArgument(
      new Argument(
        '[photo]',
        "its id, its address in Immich's web page, its path or its file name; or the name of a person",
      ),
    )
    .addOption(
      new Option('--take <side>', 'whose value both get: that of the owner, or of the receiving user').choices(SIDES),
    )
    .addOption(new Option('--field <name...>', 'only these fields').choices(Object.keys(FIELD_WORDS)))
    .option('--job <name>', 'only what a share has')
    .option('--json', 'print the result as one JSON object (docs/json.md)')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES);
  return command.action(async (photo: string | undefined, options: ResolveOptions) => {
    if (options.take !== undefined && photo === undefined) {
      throw new UserError('--take is about one photo, and none is named.', {
        problemCode: 'usage',
        remedy: 'Write: resolve PHOTO --take source, or --take target.',
      });
    }
    onExit(await withDatabase(env, options, (sql, config) => resolve(sql, config, photo?.trim(), options)));
  });
}

const EXAMPLES = `
Examples:
  immich-sidecar resolve                          all conflicts, with both values
  immich-sidecar resolve IMG_0042.HEIC            those of one photo
  immich-sidecar resolve IMG_0042.HEIC --take source
  immich-sidecar resolve IMG_0042.HEIC --take target --field description

With both_ways of a share, what one of two users corrects reaches the other. Where both have
changed the same thing differently, nothing is overwritten until somebody decides. The next
sync carries that out.

Exit codes: 0 done, 2 there is no such photo, conflict or share.`;

async function resolve(
  sql: Connection,
  config: Config,
  photo: string | undefined,
  { take, field: fields = [], job, json = false }: ResolveOptions,
): Promise<number> {
  const { schema, found } = await planOnly(sql, config, job, async (tx, view) => {
    const { schema } = view;
    if (photo === undefined) return { schema, found: await readConflicts(tx, view) };
    const photos = await findPhotos(tx, photo, view.files.paths);
    if (photos.length === 0) {
      const found = personCalled(photo, await readConflicts(tx, view));
      if (found.length > 0) return { schema, found };
    }
    const asked = onePhoto(photo, photos);
    const found = await readConflicts(tx, view, [asked.sourceAssetId]);
    return {
      schema,
      found: found.filter(({ mirrorAssetId }) =>
        asked.mirrorAssetId === undefined || asked.mirrorAssetId === mirrorAssetId
      ),
    };
  });
  if (photo === undefined || take === undefined) {
    const conflicts = fields.length === 0 ? found : found.filter(({ field }) => fields.includes(field));
    if (json) printJson({ conflicts });
    else print(describeConflicts(conflicts));
    return EXIT.ok;
  }
  const decided = decideConflicts(found, { photo, fields, job, take });
  const settled = await settleConflicts(sql, schema, decided);
  const changedMeanwhile = decided.length - settled;
  if (json) printJson({ take, conflicts: decided, settled, changedMeanwhile });
  else print(describeDecision(decided, take, changedMeanwhile));
  return changedMeanwhile === 0 ? EXIT.ok : EXIT.partial;
}

/** Conflicts about the person whom one of the two calls so, or who has this id with one of them. */
function personCalled(asked: string, conflicts: readonly OpenConflict[]): OpenConflict[] {
  const ids = new Set(
    conflicts.filter(isAboutPerson).filter(({ sourceAssetId, mirrorAssetId, source, target }) =>
      [sourceAssetId, mirrorAssetId, source.person?.value, target.person?.value].some((one) =>
        typeof one === 'string' && fold(one) === fold(asked)
      )
    ).map(({ mirrorAssetId }) => mirrorAssetId),
  );
  return conflicts.filter(({ mirrorAssetId }) => ids.has(mirrorAssetId));
}

/** Throws UserError when there is no such photo, or several. */
function onePhoto(
  photo: string,
  found: Awaited<ReturnType<typeof findPhotos>>,
): { readonly sourceAssetId: string; readonly mirrorAssetId: string | undefined } {
  const subjects = [...Map.groupBy(found, ({ id, sourceId }) => sourceId ?? id)];
  const [first, ...others] = subjects;
  if (first === undefined) {
    throw new UserError(`Immich knows no photo ${named(photo)}.`, {
      problemCode: 'unknown-name',
      remedy:
        'Give the id or the address of the photo in Immich, its whole path, or the name of its file with its ending.',
    });
  }
  if (others.length > 0) {
    throw new UserError(`${count(subjects.length, 'photo')} are called ${named(photo)}.`, {
      problemCode: 'unknown-name',
      remedy: `Name one by its id: ${
        list(subjects.map(([id, [one]]) => one === undefined ? id : `${id} (${named(one.path)})`), 'or')
      }.`,
    });
  }
  const [sourceAssetId, [one, ...more]] = first;
  // A shared photo that is named by itself is meant alone.
  return { sourceAssetId, mirrorAssetId: more.length === 0 && typeof one?.sourceId === 'string' ? one.id : undefined };
}

function describeConflicts(conflicts: readonly OpenConflict[]): string {
  if (conflicts.length === 0) return 'There is no conflict: nothing was changed differently by two users.\n';
  return conflicts.flatMap(describeConflict).map((line) => `${line}\n`).join('') +
    '\nSay whose value counts: immich-sidecar resolve PHOTO --take source, or --take target.\n';
}

function describeDecision(decided: readonly DecidedConflict[], take: Side, changedMeanwhile: number): string {
  const whose = take === 'source' ? 'the owner' : 'the receiving user';
  const names = list([...new Set(decided.map(({ fileName }) => named(fileName)))]);
  const givenUp = decided.map((one) =>
    `  given up: ${FIELD_WORDS[one.field]} ${describeValue(one.field, one[one.lost])}, of ${
      one.lost === 'source' ? 'the owner' : `the recipient (share ${named(one.job)})`
    }\n`
  );
  return `${names}: what ${whose} says counts for both: ${
    describeFields(decided.map(({ field }) => field))
  }. The next sync carries it over.\n` +
    givenUp.join('') +
    (changedMeanwhile === 0
      ? ''
      : `Somebody has changed ${changedMeanwhile} of it at this moment, which is left alone: look at it again.\n`);
}
