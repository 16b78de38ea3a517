import { type FieldName, tagsOf } from './fields/fields.ts';
import { IPTC_CHARSET, IPTC_TEXT } from './fields/iptc.ts';
import { NIKON_SUMMER_TIME } from './fields/time.ts';
import { OTHER_DATES } from './has_no_date.ts';
import { IPTC_DIGEST } from './iptc.ts';

/** What has to be read of a file for these fields, by name. */
export function tagsToRead(fields: readonly FieldName[]): string[] {
  const tags = tagsOf(fields);
  const hasIptc = tags.some(({ block }) => block === 'iptc');
  const names = tags.map(({ name }) => name);
  return [
    ...names,
    ...(fields.includes('time') ? [...OTHER_DATES, NIKON_SUMMER_TIME] : []),
    ...(hasIptc ? [IPTC_CHARSET, IPTC_TEXT, IPTC_DIGEST] : []),
  ];
}
