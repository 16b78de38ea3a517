import type { ConfigProblem } from './problems.ts';
import { quote } from './quote.ts';
import type { Raw } from './sources.ts';
import type { ValueType } from './values.ts';

/**
 * Reads one value; a refused one is reported and gives undefined.
 *
 * @param secret true = the message does not show the value
 */
export function parseRaw<T>(raw: Raw, type: ValueType<T>, problems: ConfigProblem[], secret: boolean): T | undefined {
  const result = type.schema.safeParse(raw.value);
  if (result.success) return result.data;
  const complaint = result.error.issues[0]?.message ?? 'is not valid';
  const text = typeof raw.value === 'string'
    ? raw.value
    : raw.value.map((part) => typeof part === 'string' ? part : part.join('=')).join(',');
  const subject = secret || type.mayHoldSecret?.(text) === true ? 'the value' : quote(text);
  problems.push({ key: raw.key, place: raw.place, message: `${subject} ${complaint}`, remedy: type.remedy });
  return undefined;
}
