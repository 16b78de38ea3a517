/** Longer values say nothing more in a message and push the remedy off the screen. */
const QUOTE_LIMIT = 160;

/**
 * A value as it may be shown in a message: in double quotes, with everything escaped that could move a cursor,
 * colour a terminal or reverse the reading direction. `JSON.stringify` alone leaves DEL, C1 and bidi controls.
 */
export function quote(value: string): string {
  const shown = value.length > QUOTE_LIMIT ? `${value.slice(0, QUOTE_LIMIT)}…` : value;
  return escapeControls(JSON.stringify(shown));
}

/** A path or a name in double quotes, however long it is, with control characters escaped. */
export function quotedPath(path: string): string {
  return escapeControls(JSON.stringify(path));
}

/** A path or a file name without quotes, with control characters escaped. */
export function plain(text: string): string {
  return escapeControls(text);
}

/**
 * The name at the beginning of a key that somebody else typed. The rest is cut off: in `db_password:hunter2`
 * (no space after the colon) the key contains the password.
 */
export function keyName(key: string): string {
  const name = /^[\w.-]{1,64}/.exec(key)?.[0] ?? '';
  return name === key && key !== '' ? key : `${name}…`;
}

/** What is printed, as lines of text: everything else that could control a terminal is escaped; inside JSON it stays the same text. */
export function printable(text: string): string {
  return text.replace(/[^\n\t]+/g, escapeControls);
}

function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
