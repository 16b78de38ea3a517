import { isMap, isScalar, parseDocument } from 'yaml';
import { dotEnvValues } from '../../config/dot_env.ts';
import { SETTING_NAMES, type SettingName, settingOf } from '../../config/settings.ts';

/** What stands for a secret that somebody does not see. */
export const HIDDEN = '••••••';

const SECRETS: readonly SettingName[] = SETTING_NAMES.filter((name) => settingOf(name).secret === true);

const SECRET_KEYS: ReadonlySet<string> = new Set(SECRETS.map((name) => name.toLowerCase()));

const SECRET_LINE = new RegExp(`^(\\s*(?:export\\s+)?(?:${SECRETS.join('|')})\\s*[=:]).*$`, 'gm');

/** The places of secrets in the text of a YAML file, by their keys. */
function secretsIn(
  text: string,
): { readonly key: string; readonly from: number; readonly to: number; readonly value: unknown }[] {
  const { contents } = parseDocument(text, { schema: 'failsafe' });
  if (!isMap(contents)) return [];
  return contents.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value).toLowerCase() : '';
    const range = (value as { range?: [number, number, number] } | null)?.range;
    if (!SECRET_KEYS.has(name) || range === undefined || range === null) return [];
    const to = range[0] + text.slice(range[0], range[1]).trimEnd().length;
    return [{ key: name, from: range[0], to, value: isScalar(value) ? value.value : undefined }];
  });
}

/** The same text without its secrets. Undefined where it cannot be understood, so that nobody knows where they are. */
export function withoutSecrets(text: string): string | undefined {
  if (parseDocument(text, { schema: 'failsafe' }).errors.length > 0) return undefined;
  return replaced(text, ({ value }) => value === '' ? undefined : `"${HIDDEN}"`);
}

/** The text with the secrets of an older one where somebody has left what stands for them. */
export function withSecretsOf(old: string, text: string): string {
  const known = new Map(secretsIn(old).map(({ key, from, to }) => [key, old.slice(from, to)]));
  return replaced(text, ({ key, value }) => value === HIDDEN ? known.get(key) : undefined);
}

type Place = ReturnType<typeof secretsIn>[number];

function replaced(text: string, by: (place: Place) => string | undefined): string {
  let result = text;
  for (const place of secretsIn(text).toReversed()) {
    const other = by(place);
    if (other !== undefined) result = result.slice(0, place.from) + other + result.slice(place.to);
  }
  return result;
}

/** The text of an `.env` without its secrets. */
export function withoutEnvSecrets(text: string): string {
  return text.replace(SECRET_LINE, `$1${HIDDEN}`);
}

/** What the secrets are called that differ between two texts of a file. */
export function changedSecrets(old: string, text: string, isEnv: boolean): string[] {
  const [before, after] = [old, text].map((one) =>
    isEnv
      ? dotEnvValues(one)
      : Object.fromEntries(secretsIn(one).map(({ key, from, to }) => [key.toUpperCase(), one.slice(from, to)]))
  );
  return SECRETS.filter((name) => before?.[name] !== after?.[name]).map((name) => settingOf(name).label);
}
