import { resolve } from 'node:path';
import type { z } from 'zod';
import { parseRaw } from './parse.ts';
import type { ConfigProblem } from './problems.ts';
import { plain } from './quote.ts';
import { type Setting, type SettingName, settingOf, SETTINGS } from './settings.ts';
import type { Raw, Source } from './sources.ts';
import { readTextFile } from './text_file.ts';

type Definition<N extends SettingName> = (typeof SETTINGS)[N];
type Value<N extends SettingName> =
  | z.output<Definition<N>['type']['schema']>
  | (Definition<N> extends { readonly default: string } ? never : undefined);

/** Looks settings up in the sources, the most important source first. */
export class SettingsReader {
  readonly #sources: readonly Source[];
  readonly #cwd: string;
  readonly #problems: ConfigProblem[];

  constructor(sources: readonly Source[], cwd: string, problems: ConfigProblem[]) {
    this.#sources = sources;
    this.#cwd = cwd;
    this.#problems = problems;
  }

  /** The value of a setting, or its default. A refused value is reported and replaced by the default. */
  read<N extends SettingName>(name: N): Value<N> {
    const setting = settingOf(name);
    const raw = this.find(name);
    if (raw !== undefined && setting.secret === true && raw.value === setting.example) {
      this.#reportExample(raw, setting);
    }
    const value = raw === undefined ? undefined : parseRaw(raw, setting.type, this.#problems, setting.secret === true);
    const fallback = () => setting.default === undefined ? undefined : setting.type.schema.parse(setting.default);
    return (value ?? fallback()) as Value<N>;
  }

  /** A setting as it was written, from the first source that has it; of a secret, what its file contains. */
  find(name: SettingName): Raw | undefined {
    for (const source of this.#sources) {
      const written = source.get(name);
      const file = settingOf(name).secret === true ? source.get(`${name}_FILE`) : undefined;
      if (file === undefined && written === undefined) continue;
      if (file === undefined) return written;
      if (written === undefined) return this.#readSecretFile(file);
      this.#problems.push({
        key: file.key,
        place: file.place,
        message: `${written.key} is set as well (${written.place})`,
        remedy: 'Keep one of the two.',
      });
      return undefined;
    }
    return undefined;
  }

  /** Everybody who has read `.env.example` knows it. */
  #reportExample({ key, place }: Raw, { type }: Setting): void {
    this.#problems.push({
      key,
      place,
      message: 'the value is the example of .env.example, which everybody knows',
      remedy: type.remedy,
    });
  }

  #readSecretFile({ key, value }: Raw): Raw | undefined {
    const path = resolve(this.#cwd, String(value).trim());
    const place = plain(path);
    const file = readTextFile(path);
    const secret = file.state === 'read' ? file.text.replace(/\r?\n$/, '') : '';
    if (secret !== '') return { key, place, value: secret };
    this.#problems.push({
      key,
      place,
      message: `the file ${file.state === 'read' ? 'is empty' : file.complaint}`,
      remedy: 'Put the secret into that file as its only line and make it readable for this program.',
    });
    return undefined;
  }
}
