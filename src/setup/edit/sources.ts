import { findConfigFile } from '../../config/config_file.ts';
import { notifyTargets, targetTexts } from '../../config/notify.ts';
import { SettingsReader } from '../../config/reader.ts';
import { type SettingName, settingOf } from '../../config/settings.ts';
import { dotEnvSource, environmentSource, type Source } from '../../config/sources.ts';
import { list } from '../../config/words.ts';
import type { NotificationsView, SettingView } from '../../service/settings/desk.ts';
import type { ConfigurationPlace } from '../existing.ts';

/** The settings of the page: how often, how careful, what is written back. Addresses, directories and secrets are for the console. */
const EDITABLE_SETTINGS = [
  'SYNC_INTERVAL_SECONDS',
  'RECONCILE_HOURS',
  'OFFLINE_GRACE_HOURS',
  'BRAKE_PERCENT',
  'BRAKE_MINIMUM',
  'INCLUDE_ARCHIVED',
  'SHARE_EDITED',
  'WRITE_SCHEDULE',
  'WRITE_WINDOW',
  'WRITE_MODULES',
  'WRITE_TO',
  'LOG_LEVEL',
] as const satisfies readonly SettingName[];

const NOTIFY = 'NOTIFY_URLS';

/** Where settings stand: the environment counts for more than `.env`, and that for more than the other file. */
export class Sources {
  readonly #environment: Source;
  readonly #env: Source;
  readonly #file: Source;
  readonly #reader: SettingsReader;

  constructor({ env, cwd, configFile }: ConfigurationPlace) {
    this.#environment = environmentSource(env);
    this.#env = dotEnvSource(cwd, [], env);
    const file = findConfigFile([this.#environment, this.#env], cwd, configFile, [], []);
    this.#file = file?.settings ?? new Map();
    this.#reader = new SettingsReader([this.#environment, this.#env, this.#file], cwd, []);
  }

  has(name: SettingName): boolean {
    return [this.#environment, this.#env, this.#file].some((source) => source.has(name));
  }

  isInEnv(name: SettingName): boolean {
    return this.#env.has(name);
  }

  /** In the file with shares, and in no more important place. */
  isInFile(name: SettingName): boolean {
    return this.#file.has(name) && !this.#env.has(name);
  }

  /** Those that can be changed on the page. */
  settings(): SettingView[] {
    return EDITABLE_SETTINGS.map((name) => {
      const { label, description, default: otherwise = '' } = settingOf(name);
      const raw = this.#reader.find(name);
      return {
        name,
        label,
        description,
        otherwise,
        value: typeof raw?.value === 'string' ? raw.value : (raw?.value ?? []).join(','),
        place: raw?.place,
        isFixed: this.#environment.has(name),
      };
    });
  }

  /** Who is told now. */
  notifications(): NotificationsView {
    const sources = [this.#environment, this.#env, this.#file];
    const inFile = sources.flatMap((source) => source.get(`${NOTIFY}_FILE`) ?? []);
    const fixed = this.#environment.get(NOTIFY) ?? inFile[0];
    if (fixed !== undefined) {
      return { why: `It is set by ${fixed.key} (${fixed.place}), and can only be changed there.` };
    }
    const targets = notifyTargets.schema.safeParse(this.#texts()).data;
    if (targets === undefined) return { why: `${NOTIFY} cannot be understood. It is changed where it is set.` };
    return {
      description: settingOf(NOTIFY).description,
      added: '',
      targets: targets.map(({ label, events }) => ({ label, value: `told of ${list(events)}` })),
    };
  }

  /** The addresses with some taken out and some added; undefined where they cannot be changed here. */
  withNotifications({ keep, add = '' }: Readonly<Record<string, string>>): string | undefined {
    if ('why' in this.notifications()) return undefined;
    const texts = this.#texts();
    const kept = keep === undefined ? texts : texts.filter((_, at) => keep.split('\n').includes(String(at)));
    return [...kept, ...targetTexts(add)].join(' ');
  }

  #texts(): string[] {
    const value = this.#reader.find(NOTIFY)?.value;
    return value === undefined ? [] : targetTexts(typeof value === 'string' ? value : value.map(String));
  }
}
