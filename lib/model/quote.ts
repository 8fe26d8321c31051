/**
 * Characters that could control a terminal or hide text: control characters, format characters
 * (including bidirectional overrides), and line and paragraph separators.
 */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Makes untrusted text safe to log: unsafe characters become `\u` escapes. */
export function printable(text: string): string {
  return text.replace(unsafe, (character) => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Quotes untrusted text for an error message: escaped, and truncated to 80 characters. */
export function quote(text: string): string {
  return printable(JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text));
}
