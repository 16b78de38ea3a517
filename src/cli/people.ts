import { resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { count, named } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { askForThumbnails } from '../share/people/ask_for_thumbnails.ts';
import { type AlikePeople, type AlikePerson, findAlike } from '../share/saved_people/alike.ts';
import type { SavedPeople } from '../share/saved_people/format.ts';
import { PERSON_OUTCOMES, type PersonVerdict } from '../share/saved_people/elect.ts';
import { applyRestore, type RestoreResult } from '../share/saved_people/restore.ts';
import { planRestore, type RestorePlan, type UserPlan } from '../share/saved_people/restore_plan.ts';
import { collectPeople } from '../share/saved_people/save.ts';
import { assertReplaceable, countPeople, readSavedFile, writeSavedFile } from '../share/saved_people/saved_file.ts';
import type { UserChoice } from '../share/saved_people/users.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions, shareChoiceOf } from './confirmed.ts';
import { listProblems } from './list_problems.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { shownProgress } from './progress.ts';

const ACTIONS = ['alike', 'save', 'restore'] as const;

type Action = typeof ACTIONS[number];

interface PeopleOptions extends ConfirmedOptions {
  readonly user?: string;
  readonly allUsers?: boolean;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** `immich-sidecar people`: who may be the same, and names of people, kept in a file and given back. */
export function peopleCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('people')
    .description('List people who may be the same; keep names in a file, and give them back after faces were reset')
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('alike'))
    .argument('[file]', 'save, restore: where the names are kept')
    .option('--user <id>', 'only people of this user')
    .addOption(
      new Option('--all-users', 'people of all users, also of those whom no share names').conflicts('user'),
    )
    .option('--replace', 'save: replace the file, whatever it is')
    .option('--dry-run', 'print what would be done and change nothing')
    .addHelpText('after', EXAMPLES);
  const given = () => command.processedArgs as [action: Action, file: string | undefined];
  const check = (options: PeopleOptions) => {
    shareChoiceOf(options);
    checkUsage(...given(), options);
  };
  return confirmed<PeopleOptions>(
    command,
    env,
    onExit,
    async (sql, config, options, consent) => {
      const [action, file = ''] = given();
      if (action === 'alike') return await listAlike(sql, config, options);
      const path = resolve(file);
      return action === 'save'
        ? await save(sql, config, path, options)
        : await restore(sql, config, path, options, consent);
    },
    check,
  );
}

/** Throws UserError for what does not fit together. */
function checkUsage(action: Action, file: string | undefined, { replace, dryRun }: PeopleOptions): void {
  const isWrong = action === 'alike'
    ? file !== undefined || replace === true || dryRun === true
    : file === undefined || (action === 'restore' && replace === true);
  if (!isWrong) return;
  throw new UserError(`These arguments do not fit "people ${action}".`, {
    problemCode: 'usage',
    remedy: 'Write: people, people save FILE [--replace] [--dry-run], or people restore FILE [--dry-run].',
  });
}

const EXAMPLES = `
Examples:
  immich-sidecar people                                who may be the same, to be merged in Immich?
  immich-sidecar people save people.json               names, birth dates, covers, hidden, favourites
  immich-sidecar people restore people.json --dry-run  who would get their name back?
  immich-sidecar people restore people.json

Save it before faces are reset or another model is chosen in Immich, or from cron. Restore
it once Immich has found and recognised all faces again. Faces are known again by
the photo and the place in it. A name that somebody has entered since stays.
The file is readable by this user only. It knows nothing of locked photos, nor
of people who are there through sharing. Stop the service before you restore.`;

async function listAlike(sql: Connection, config: Config, options: PeopleOptions): Promise<number> {
  const found = await planOnly(sql, config, undefined, (tx, view) => findAlike(tx, view, choiceOf(options)));
  if (options.json) printJson(found);
  else print(describeAlike(found));
  return EXIT.ok;
}

function describeAlike({ pairs }: AlikePeople): string {
  if (pairs.length === 0) return 'Nobody is there twice, as far as names and faces tell.\n';
  const nameOf = ({ name, isShared }: AlikePerson) =>
    (name === '' ? '(no name)' : named(name)) + (isShared ? ' (shared)' : '');
  const rows = pairs.map(({ userName, person, other, isSameName, distance }) => [
    plain(userName),
    nameOf(person),
    String(person.faces),
    nameOf(other),
    String(other.faces),
    [...isSameName ? ['same name'] : [], ...distance === null ? [] : [`alike (${distance})`]].join(', '),
  ]);
  return table([['user', 'person', 'faces', 'other', 'faces', 'why'], ...rows], new Set([2, 4])) +
    'If they are the same, merge them in Immich: open the person, Merge people.\n';
}

function choiceOf({ user, allUsers }: PeopleOptions): UserChoice {
  return { userId: user?.toLowerCase(), isAll: allUsers === true };
}

async function save(sql: Connection, config: Config, path: string, options: PeopleOptions): Promise<number> {
  const saved = await planOnly(sql, config, undefined, (tx, view) => collectPeople(tx, view, choiceOf(options)));
  const before = assertReplaceable(path, saved, options.replace === true);
  const isDryRun = options.dryRun === true;
  if (!isDryRun) writeSavedFile(path, saved);
  const users = saved.users.map(({ id, name, people }) => ({
    id,
    name,
    people: people.length,
    faces: people.reduce((sum, { faces }) => sum + faces.length, 0),
  }));
  if (options.json) {
    printJson({ ...isDryRun ? { dryRun: true } : {}, file: path, savedAt: saved.savedAt, users });
    return EXIT.ok;
  }
  print(
    table([
      ['user', 'people', 'faces'],
      ...users.map(({ name, people, faces }) => [plain(name), String(people), String(faces)]),
    ], new Set([1, 2])) +
      (before === undefined ? '' : describeBefore(before)) +
      (isDryRun
        ? 'Nothing was written.\n'
        : `Saved: ${count(countPeople(saved), 'person', 'people')} in ${named(path)}.\n`),
  );
  return EXIT.ok;
}

function describeBefore(before: SavedPeople): string {
  return `In the place of ${count(countPeople(before), 'person', 'people')} of ${before.savedAt.slice(0, 10)}.\n`;
}

async function restore(
  sql: Connection,
  config: Config,
  path: string,
  options: PeopleOptions,
  consent: Consent,
): Promise<number> {
  const saved = readSavedFile(path);
  const choice = choiceOf(options);
  const plan = await planOnly(sql, config, undefined, (tx, view) => planRestore(tx, view, saved, choice));
  if (options.dryRun) {
    if (options.json) printJson({ dryRun: true, ...reportOf(plan) });
    else print(`${describePlan(plan)}Nothing was changed.\n`);
    return exitOf(plan);
  }
  if (verdictsOf(plan).every(({ restoration }) => restoration === undefined)) {
    if (options.json) printJson({ ...reportOf(plan), ...NOTHING });
    else print(`${describePlan(plan)}There is nothing to give back.\n`);
    return exitOf(plan);
  }
  if (!consent.isGiven(describePlan(plan), 'Give these names back?')) return EXIT.ok;
  const progress = shownProgress(config.log.format);
  const { now, result } = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools, view) => {
      const now = await planRestore(sql, view, saved, choice);
      progress.start('giving back', verdictsOf(now).filter(({ restoration }) => restoration).length, 'people');
      try {
        return { now, result: await applyRestore(tools, now, (people) => progress.advance(people)) };
      } finally {
        progress.stop();
      }
    }));
  await askForThumbnails(config, undefined);
  if (options.json) printJson({ ...reportOf(now), ...result });
  else print(describeResult(now, result));
  return result.problems.length > 0 || result.changedMeanwhile > 0 ? EXIT.partial : exitOf(now);
}

const NOTHING: RestoreResult = Object.freeze({ people: 0, faces: 0, changedMeanwhile: 0, problems: [] });

function verdictsOf({ users }: RestorePlan): PersonVerdict[] {
  return users.flatMap(({ verdicts }) => verdicts);
}

function exitOf(plan: RestorePlan): number {
  const isLost = plan.unknownUsers.length > 0 || verdictsOf(plan).some(({ outcome }) => outcome === 'not-found');
  return isLost ? EXIT.partial : EXIT.ok;
}

/** Names, and no faces: these are many. */
function reportOf(plan: RestorePlan) {
  const verdicts = verdictsOf(plan);
  return {
    saved: verdicts.length,
    outcomes: Object.fromEntries(
      PERSON_OUTCOMES.map((outcome) => [outcome, verdicts.filter((verdict) => verdict.outcome === outcome).length]),
    ),
    persons: plan.users.flatMap(({ user, verdicts }) =>
      verdicts.map(({ person: { name }, restoration, ...verdict }) => ({
        userId: user.id,
        name,
        ...verdict,
        facesToMove: restoration?.moves.length ?? 0,
      }))
    ),
    unknownUsers: plan.unknownUsers,
  };
}

const WORDS: Readonly<Record<PersonVerdict['outcome'], string>> = Object.freeze({
  'restored': 'gets the name back',
  'made': 'is made anew of their faces',
  'completed': 'gets what is missing',
  'there': 'is as before',
  'conflict': 'has another name since',
  'not-found': 'is not found',
});

function describePlan(plan: RestorePlan): string {
  const verdicts = verdictsOf(plan);
  const counts = PERSON_OUTCOMES.map((
    outcome,
  ) => [WORDS[outcome], verdicts.filter((one) => one.outcome === outcome).length])
    .filter(([, number]) => number !== 0)
    .map(([what, number]) => [String(number), String(what)]);
  return table([['people', 'what becomes of them'], ...counts], new Set([0])) +
    plan.users.map((user) => describeUser(user, plan.users.length > 1)).join('') +
    plan.unknownUsers.map(({ name, people }) =>
      `${plain(name)} is no user here: ${count(people, 'name')} cannot be given back.\n`
    ).join('');
}

/** What somebody has to know: who does not come back, or not all of them. */
function describeUser({ user, verdicts }: UserPlan, isNamed: boolean): string {
  const whose = isNamed ? ` (${plain(user.name)})` : '';
  return verdicts.flatMap((verdict) => {
    const { person, photos, photosThere, nameNow, facesLeft, birthDateNow } = verdict;
    const who = (person.name === '' ? 'Somebody without a name' : named(person.name)) + whose;
    switch (verdict.outcome) {
      case 'not-found':
        return [
          `${who} is not found: ${count(photos, 'photo')}, ${
            photos - photosThere
          } of them gone, and no face of theirs on the others.`,
        ];
      case 'conflict':
        return [`${who} is called ${named(nameNow ?? '')} by now, which stays.`];
      default:
        return [
          ...facesLeft > 0
            ? [`${who}: ${count(facesLeft, 'face')} stay with ${named(nameNow ?? '')}, who has that name since.`]
            : [],
          ...birthDateNow === undefined
            ? []
            : [`${who}: the birth date ${birthDateNow} stays, which was entered since.`],
        ];
    }
  }).map((line) => `${line}\n`).join('');
}

function describeResult(plan: RestorePlan, { people, faces, changedMeanwhile, problems }: RestoreResult): string {
  return describePlan(plan) +
    `Given back: ${count(people, 'person', 'people')}, ${
      count(faces, 'face')
    }. Immich makes missing thumbnails at night.\n` +
    (changedMeanwhile > 0
      ? `${
        count(changedMeanwhile, 'person was', 'people were')
      } changed by somebody at that moment and left alone: run it again.\n`
      : '') +
    listProblems(problems).map((line) => `${line}\n`).join('');
}
