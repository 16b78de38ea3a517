import { plain, quote } from '../../config/quote.ts';
import { bytes, countPhotos, list, plural } from '../../config/words.ts';
import { UserError } from '../../errors.ts';
import type { Amount } from '../../share/offers/amount.ts';
import { fold } from '../../config/fold.ts';
import type { Option } from '../prompter.ts';

/** So many names are shown to somebody who wrote a wrong one. */
const MOST_NAMES = 20;

/** `12 photos and videos, 34 MiB` */
export function amountText({ photos, bytes: size }: Amount): string {
  return photos === 0 ? 'nothing yet' : `${countPhotos(photos)}, ${bytes(size)}`;
}

/** The parts of a text between commas. `before`: names of which a comma may be a part, if they are what was written. */
export function namesIn(text: string, before: readonly string[]): readonly string[] {
  if (text === before.join(', ')) return before;
  return [...new Set(text.split(',').map((name) => name.trim()).filter((name) => name !== ''))];
}

/**
 * What names or ids that are separated by commas mean among options: the one with the very name, else with the name in other letters. A name may have commas of its own. Throws
 * UserError when one fits nothing or several. Pure.
 *
 * @param what the options are, for a sentence: `shared album`
 */
export function valuesIn<T>(text: string, options: readonly Option<T>[], what: string): T[] {
  const parts = text.split(',');
  const found: T[] = [];
  const strange: string[] = [];
  for (let start = 0; start < parts.length;) {
    const longest = parts.slice(start).keys().map((_, index) => parts.length - index).find((end) =>
      fitting(parts.slice(start, end).join(','), options).length > 0
    );
    const name = parts.slice(start, longest ?? start + 1).join(',').trim();
    const [only, ...others] = longest === undefined ? [] : fitting(name, options);
    if (others.length > 0) throw ambiguous(name, [...only === undefined ? [] : [only], ...others], what);
    if (only !== undefined) found.push(only.value);
    else if (name !== '') strange.push(name);
    start = longest ?? start + 1;
  }
  if (strange.length > 0) throw unknown(strange, options, what);
  return found;
}

function fitting<T>(text: string, options: readonly Option<T>[]): readonly Option<T>[] {
  const name = text.trim();
  if (name === '') return [];
  const same = options.filter(({ words }) => words.some((word) => word.trim().normalize() === name.normalize()));
  return same.length > 0 ? same : options.filter(({ words }) => words.some((word) => fold(word) === fold(name)));
}

function ambiguous(name: string, options: readonly Option<unknown>[], what: string): UserError {
  const each = options.map(({ words, hint }) => `${words[1]} (${hint})`);
  return new UserError(`${options.length} can be meant by the ${what} ${quote(name)}.`, {
    problemCode: 'setup-answer',
    remedy: `Write the id of the one that is meant: ${plain(list(each, 'or'))}.`,
  });
}

function unknown(names: readonly string[], options: readonly Option<unknown>[], what: string): UserError {
  const some = options.slice(0, MOST_NAMES).map(({ label }) => quote(label));
  const more = options.length - some.length;
  return new UserError(`No ${what} is called ${list(names.map(quote), 'or')}.`, {
    problemCode: 'setup-answer',
    remedy: some.length === 0
      ? 'There is none to choose.'
      : `There ${plural(options.length, 'is', 'are')} ${
        list([...some, ...more > 0 ? [`${more.toLocaleString('en')} more`] : []])
      }.`,
  });
}
