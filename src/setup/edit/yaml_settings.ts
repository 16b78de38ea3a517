import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument } from 'yaml';
import { targetTexts } from '../../config/notify.ts';
import { yamlTextOf } from '../yaml_style.ts';

/** The text of a YAML file with some settings changed; an empty one is taken out. Everything else stays, comments too. Pure. */
export function withSettings(text: string, settings: readonly (readonly [name: string, value: string])[]): string {
  if (settings.length === 0) return text;
  const document: Document = parseDocument(text, { schema: 'failsafe' });
  const { contents } = document;
  for (const [name, value] of settings) {
    const key = name.toLowerCase();
    const old = isMap(contents)
      ? contents.items.find((item: Pair) => isScalar(item.key) && item.key.value === key)?.value
      : undefined;
    if (value === '') document.delete(key);
    else if (isScalar(old)) old.value = value;
    else if (isSeq(old)) {
      const there = (text: string) => old.items.find((item) => isScalar(item) && item.value === text);
      old.items = targetTexts(value).map((text) => there(text) ?? document.createNode(text));
    } else document.set(key, value);
  }
  return yamlTextOf(document, text);
}
