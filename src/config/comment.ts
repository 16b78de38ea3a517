/** A text as comment lines of an `.env`, broken between words so that none is wider than `width`. */
export function comment(text: string, width: number): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= width) lines[lines.length - 1] = line;
    else lines.push(`# ${word}`);
  }
  return lines;
}
