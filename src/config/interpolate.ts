/** Values by name, as an `.env` beside a Compose file has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Puts variables into a value of a Compose file: `$NAME`, `${NAME}`, and with what to take when it is unset (`-`), unset or
 * empty (`:-`), set (`+`) or neither unset nor empty (`:+`). `$$` is a dollar sign. What must be set (`?`) is empty when it is
 * not. Source: Compose's documentation of interpolation.
 *
 * @param onUnset called for each variable that is not set, and for which nothing else is said
 */
export function interpolate(text: string, variables: Variables, onUnset: () => void = () => {}): string {
  let result = '';
  let rest = text;
  while (rest !== '') {
    const dollar = rest.indexOf('$');
    if (dollar < 0) return result + rest;
    result += rest.slice(0, dollar);
    rest = rest.slice(dollar + 1);
    const [name] = /^[A-Za-z_]\w*/.exec(rest) ?? [];
    if (rest.startsWith('$')) {
      result += '$';
      rest = rest.slice(1);
    } else if (name !== undefined) {
      if (variables[name] === undefined) onUnset();
      result += variables[name] ?? '';
      rest = rest.slice(name.length);
    } else if (rest.startsWith('{')) {
      const end = closingBrace(rest);
      result += expand(rest.slice(1, end), variables, onUnset);
      rest = rest.slice(end + 1);
    } else result += '$';
  }
  return result;
}

/** What stands between braces. */
function expand(expression: string, variables: Variables, onUnset: () => void): string {
  const [, name = '', operator = '', other = ''] = /^([A-Za-z_]\w*)(:?[-+?])?([^]*)$/.exec(expression) ?? [];
  const value = variables[name];
  const isThere = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  if (operator.endsWith('-')) return isThere ? value ?? '' : interpolate(other, variables, onUnset);
  if (operator.endsWith('+')) return isThere ? interpolate(other, variables, onUnset) : '';
  if (value === undefined) onUnset();
  return value ?? '';
}

/** Where the brace that opens at 0 is closed; the end of the text when it is not. */
function closingBrace(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '{') depth++;
    else if (text[index] === '}' && --depth === 0) return index;
  }
  return text.length;
}
