/** By what two names are the same to somebody who writes one of them. */
export function fold(name: string): string {
  return name.trim().normalize('NFC').toLowerCase();
}
