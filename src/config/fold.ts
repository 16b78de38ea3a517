/** By what two names are the same to somebody who writes one of them. */
export function fold(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}

/** In small letters and without accents, for somebody who looks for a name without knowing quite how it is written. */
export function foldAccents(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
