import { NOUNS } from '../../src/config/words.ts';

/** What is counted besides, in sentences of their own. */
const OTHERS =
  'assets changes copies cycles days directories duplicates entries errors failures findings hours jobs lines minutes months pairs paths pictures places problems runs seconds tries users values warnings weeks'
    .split(' ');

const ONE_OF_SEVERAL = new RegExp(
  `.{0,30}(?<![\\d.,:/-])1 (?:(?:shared|new|more|older|locked|lost|live) )?(?:${
    [...Object.keys(NOUNS), ...OTHERS].join('|')
  })\\b`,
  'g',
);

/** Where a text says `1 photos`. */
export function disagreements(text: string): string[] {
  return text.match(ONE_OF_SEVERAL) ?? [];
}
