/**
 * Characters that a terminal may obey, or that hide others: controls, formats such as the
 * bidirectional ones, line and paragraph separators.
 */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text from outside, fit to be logged: what a terminal may obey stands as `\u` escapes. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** A value from outside, quoted for an error message: escaped, and cut after 80 characters. */
export function quote(text: string): string {
  return printable(JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text));
}
