import ini from 'ini';
import { unknownKey } from './names.ts';
import type { ConfigProblem } from './problems.ts';
import { keyName } from './quote.ts';
import { ENVIRONMENT_NAMES } from './settings.ts';
import { type Source, sourceOf } from './sources.ts';

/** `[immich]` is the predecessor's section; Python, which it is written in, merges `[DEFAULT]` into every other. */
const SECTIONS: readonly string[] = ['immich', 'default'];

/**
 * Settings from the text of an INI file: above all sections, or below `[immich]`. Names may stand in any case.
 * Everything unknown or of the wrong shape is reported.
 *
 * @param label the name of the file in `place`
 */
export function readIni(text: string, label: string, problems: ConfigProblem[]): Source {
  const lines = text.split(/\r?\n/);
  const placeOf = (pattern: RegExp) => {
    const index = lines.findLastIndex((line) => pattern.test(line));
    return index < 0 ? label : `${label} line ${index + 1}`;
  };
  const values: Record<string, string> = {};
  const placeOfKey = (key: string) => placeOf(new RegExp(`^\\s*${RegExp.escape(key)}\\s*(?:=|$)`, 'i'));
  const add = (key: string, value: unknown) => {
    const name = key.toUpperCase();
    const place = placeOfKey(key);
    if (!ENVIRONMENT_NAMES.includes(name)) problems.push(unknownKey(key, '', place, ENVIRONMENT_NAMES));
    else if (typeof value === 'object' && value !== null) {
      problems.push({ key, place, message: 'this is not a single value', remedy: 'Write one value after the "=".' });
    } else values[name] = String(value ?? '');
  };
  for (const [key, value] of Object.entries(ini.parse(text))) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) add(key, value);
    else if (SECTIONS.includes(key.toLowerCase())) {
      for (const [inner, innerValue] of Object.entries(value)) add(inner, innerValue);
    } else {
      problems.push({
        key: `[${keyName(key)}]`,
        place: placeOf(/^\s*\[/),
        message: 'this section is not known',
        remedy: 'Put the settings below [immich], or above all sections.',
      });
    }
  }
  return sourceOf(values, placeOfKey);
}
