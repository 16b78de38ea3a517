import { createHash } from 'node:crypto';
import { diffLines } from 'diff';
import { ownPaths } from '../../config/own_paths.ts';
import type { SettingName } from '../../config/settings.ts';
import { readTextFile } from '../../config/text_file.ts';
import { messageOf, UserError } from '../../errors.ts';
import type { ConfigurationEdit, EditAnswer, EditedFile } from '../../sandbox/supervision.ts';
import {
  type FileDifference,
  type NewShareView,
  type SettingsChange,
  type SettingsDesk,
  type SettingsOutcome,
  type SettingsView,
  type ShareView,
  STAGED,
} from '../../service/settings/desk.ts';
import { draftJob } from '../drafts.ts';
import { updateEnv } from '../env_text.ts';
import { type ConfigurationPlace, type Existing, readExisting } from '../existing.ts';
import { type ListedFields, plainAlbumsFields, plainFields, withAlbumLists, withLists } from './lists.ts';
import { Sources } from './sources.ts';
import { keysIn, labelOfKey, sayAlbums, sayShare } from './summaries.ts';
import { albumsInYaml, withSharedAlbums } from './yaml_albums.ts';
import { EDITABLE_FIELDS, jobsInYaml, PLACE_FIELDS, withJobFields, withNewJob } from './yaml_job.ts';
import { sharesIn, withoutJob, withoutSharedAlbums } from './yaml_removal.ts';
import { changedSecrets, withoutEnvSecrets, withoutSecrets, withSecretsOf } from './yaml_secrets.ts';
import { withSettings } from './yaml_settings.ts';

/** Each of them makes a share without a list of shares. */
const SINGLE_JOBS = ['SHARED_PATH_PREFIX', 'UPLOAD_SOURCE_USER_ID'] as const satisfies readonly SettingName[];

const LAST =
  'Nothing else is shared, and without any share nothing looks after the photos that were shared already. To end sharing, stop the service and run immich-sidecar unshare, ' +
  'which removes them from the libraries of those who have received them, or immich-sidecar unshare --keep, which leaves them there. Then take it out of the file.';

/** Lines around a change that are shown with it. */
const CONTEXT = 2;

interface DeskOptions {
  readonly place: ConfigurationPlace;
  /** Asks what is outside of the sandbox to look, or to write. */
  readonly edit: (edit: ConfigurationEdit) => Promise<EditAnswer>;
  /** Called when something else is configured than before. */
  readonly onSaved: () => void;
}

/** What the page of settings shows and changes: `config.yaml`, and in `.env` what stands there already. */
export class ConfigurationDesk implements SettingsDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  read(): SettingsView {
    const { yaml } = this.#files();
    const text = yaml?.old ?? '';
    const shown = withoutSecrets(text);
    const sources = new Sources(this.#options.place);
    const cannot = yaml === undefined
      ? 'The configuration is no YAML file. It is changed where it lies.'
      : shown === undefined
      ? `${yaml.path} cannot be understood. It is changed where it lies.`
      : undefined;
    return {
      shares: jobsInYaml(text).map((job) => ({ name: job.name, said: sayShare(job) })),
      noNewShare: this.#noNewShare(cannot, sources),
      sharedAlbums: cannot === undefined ? sayAlbums(albumsInYaml(text)) : { why: cannot },
      settings: sources.settings(),
      notifications: sources.notifications(),
      file: yaml === undefined || shown === undefined
        ? { why: cannot ?? '' }
        : { path: yaml.path, text: shown, keys: keysIn(shown) },
    };
  }

  async share(name: string): Promise<ShareView | undefined> {
    const found = jobsInYaml(this.#files().yaml?.old ?? '').find((job) => job.name === name);
    if (found === undefined) return undefined;
    const fields = plainFields(found.fields);
    return {
      name,
      ...await this.#listed(fields, (existing) => withLists(existing, draftJob(existing, found.source), fields)),
    };
  }

  async newShare(like: string, owner: string): Promise<NewShareView> {
    const model = jobsInYaml(this.#files().yaml?.old ?? '').find((job) => job.name === like);
    const fields = plainFields({ source: owner }, [...PLACE_FIELDS, ...EDITABLE_FIELDS]);
    const source = owner === '' ? model?.source ?? '' : owner;
    return {
      name: '',
      like: model?.name ?? '',
      ...await this.#listed(fields, (existing) => withLists(existing, draftJob(existing, source), fields)),
    };
  }

  async sharedAlbums(): Promise<ShareView> {
    const fields = plainAlbumsFields(albumsInYaml(this.#files().yaml?.old ?? '') ?? {});
    return { name: '', ...await this.#listed(fields, (existing) => withAlbumLists(existing, fields)) };
  }

  /** `plain`: what there is where the configuration cannot be read. */
  async #listed(
    plain: ListedFields['fields'],
    look: (existing: Existing) => Promise<ListedFields>,
  ): Promise<ListedFields> {
    let existing;
    try {
      existing = readExisting(this.#options.place);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { fields: plain, noLists: messageOf(error) };
    }
    return await look(existing);
  }

  #noNewShare(cannot: string | undefined, sources: Sources): string | undefined {
    if (cannot !== undefined) return 'Shares are added where the file lies, or with immich-sidecar setup.';
    const single = SINGLE_JOBS.find((name) => sources.has(name));
    return single === undefined
      ? undefined
      : `${single} makes a share of its own, which a list of shares would end. immich-sidecar setup moves it into the list first.`;
  }

  async preview(change: SettingsChange): Promise<SettingsOutcome> {
    const files = this.#changed(change);
    if (files.length === 0) return { kind: 'nothing' };
    if (this.#endsSharing(files)) return { kind: 'wrong', problems: [LAST] };
    const answer = await this.#options.edit({ files, isTry: true });
    if (answer.kind !== 'fine') return outcomeOf(answer);
    return {
      kind: 'fine',
      differences: files.map(differenceOf),
      widens: answer.widens,
      leadsTo: leadsTo(change),
      digest: digestOf(files),
    };
  }

  async save(change: SettingsChange, digest: string): Promise<SettingsOutcome> {
    const files = this.#changed(change);
    if (files.length === 0 || digestOf(files) !== digest || this.#endsSharing(files)) return await this.preview(change);
    const answer = await this.#options.edit({ files, isTry: false });
    if (answer.kind === 'written' && answer.staged.length === 0) this.#options.onSaved();
    return outcomeOf(answer);
  }

  #files(): { readonly env: Omit<EditedFile, 'text'>; readonly yaml: Omit<EditedFile, 'text'> | undefined } {
    const { env, cwd, configFile } = this.#options.place;
    const paths = ownPaths(env, cwd, configFile);
    return {
      env: { path: paths.env, old: textOf(paths.env) },
      yaml: paths.yaml === undefined ? undefined : { path: paths.yaml, old: textOf(paths.yaml) },
    };
  }

  /** Nothing would be left to share, and nobody would look after what is shared already. */
  #endsSharing(files: readonly EditedFile[]): boolean {
    const yaml = files.find(({ path }) => path === this.#files().yaml?.path);
    if (yaml === undefined || !sharesIn(yaml.old ?? '') || sharesIn(yaml.text)) return false;
    const sources = new Sources(this.#options.place);
    return !SINGLE_JOBS.some((name) => sources.has(name));
  }

  /** The files as they would be, and only those that become others. */
  #changed(change: SettingsChange): EditedFile[] {
    const { env, yaml } = this.#files();
    const old = yaml?.old ?? '';
    const inYaml = (text: string) => yaml === undefined ? [] : [{ ...yaml, text }];
    const set = (inEnv: readonly (readonly [SettingName, string])[], other: typeof inEnv) =>
      [
        ...inYaml(withSettings(old, other)),
        { ...env, text: inEnv.length === 0 ? env.old ?? '' : updateEnv(env.old, new Map(inEnv), []) },
      ].filter(isOther);
    switch (change.kind) {
      case 'share':
        return inYaml(withJobFields(old, change.name, change.fields)).filter(isOther);
      case 'new-share':
        return this.read().noNewShare === undefined ? inYaml(withNewJob(old, change)).filter(isOther) : [];
      case 'remove-share':
        return inYaml(withoutJob(old, change.name)).filter(isOther);
      case 'remove-albums':
        return inYaml(withoutSharedAlbums(old)).filter(isOther);
      case 'albums':
        return withoutSecrets(old) === undefined ? [] : inYaml(withSharedAlbums(old, change.fields)).filter(isOther);
      case 'file':
        return inYaml(withSecretsOf(old, change.text.replaceAll('\r\n', '\n'))).filter(isOther);
      case 'settings': {
        const sources = new Sources(this.#options.place);
        const wanted = sources.settings().filter(({ name, value, isFixed }) => {
          const said = change.fields[name]?.trim();
          return !isFixed && said !== undefined && said !== value;
        }).map(({ name }) => [name as SettingName, change.fields[name]?.trim() ?? ''] as const);
        // What stands in .env counts for more than the other file, so it is changed there.
        return set(wanted.filter(([name]) => sources.isInEnv(name)), wanted.filter(([name]) => !sources.isInEnv(name)));
      }
      case 'notifications': {
        const sources = new Sources(this.#options.place);
        const wanted = sources.withNotifications(change.fields);
        if (wanted === undefined) return [];
        const settings = [['NOTIFY_URLS', wanted]] as const;
        return sources.isInFile('NOTIFY_URLS') ? set([], settings) : set(settings, []);
      }
    }
  }
}

/** What becomes of the photos that somebody has through what is removed. */
function leadsTo(change: SettingsChange): string[] {
  if (change.kind !== 'remove-share' && change.kind !== 'remove-albums') return [];
  const isShare = change.kind === 'remove-share';
  const [from, which] = isShare ? ['the library of the user who has received them', quoted(change.name)] : [
    'the libraries of the members',
    'NAME, for each name that begins with "shared albums:" in immich-sidecar status',
  ];
  return [
    `The next sync removes the photos of this share from ${from}. The originals stay, and so do photos that another share has, too.`,
    'Many photos at once are not removed before somebody has confirmed it on the dashboard, which shows them.',
    `To leave the photos with the recipient instead: cancel, stop the service, and run immich-sidecar unshare --keep --job ${which}.`,
  ];
}

function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name}"`;
}

function isOther({ old = '', text }: EditedFile): boolean {
  return old !== text;
}

function textOf(path: string): string | undefined {
  const file = readTextFile(path);
  return file.state === 'read' ? file.text : undefined;
}

function outcomeOf(answer: EditAnswer): SettingsOutcome {
  switch (answer.kind) {
    case 'wrong':
      return {
        kind: 'wrong',
        problems: answer.problems.map(({ key, place, message, remedy }) => {
          const label = labelOfKey(key);
          const what = label === undefined ? `${key} (${place})` : `${label} (${key}, ${place})`;
          return `${what}: ${message}. ${remedy}`;
        }),
      };
    case 'refused':
      return { kind: 'wrong', problems: [`${answer.message} ${answer.remedy}`] };
    case 'written':
      return answer.staged.length === 0
        ? { kind: 'saved', kept: answer.kept }
        : { kind: 'staged', commands: answer.staged.map((path) => `mv '${path}${STAGED}' '${path}'`) };
    case 'fine':
      return { kind: 'nothing' };
  }
}

function digestOf(files: readonly EditedFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('base64url');
}

/** Of a file with secrets: these are not shown, and of one whose lines say nothing but secrets and settings only what changes. */
function differenceOf({ path, old = '', text }: EditedFile): FileDifference {
  const isEnv = path.endsWith('.env');
  const shown = (one: string) => isEnv ? withoutEnvSecrets(one) : withoutSecrets(one) ?? '';
  const lines = diffLines(shown(old), shown(text)).flatMap(({ added, removed, value }) =>
    value.replace(/\n$/, '').split('\n').map((line) => ({
      kind: added ? 'added' as const : removed ? 'removed' as const : 'same' as const,
      text: line,
    }))
  );
  const context = isEnv ? 0 : CONTEXT;
  const isNear = (at: number) =>
    lines.slice(Math.max(at - context, 0), at + context + 1).some(({ kind }) => kind !== 'same');
  return { path, lines: lines.filter((_, at) => isNear(at)), secrets: changedSecrets(old, text, isEnv) };
}
