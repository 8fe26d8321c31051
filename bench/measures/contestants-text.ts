/** A Markdown list of contestants for a measure's text, preceded by an empty line. */
export function contestantsText(
  entries: Readonly<Record<string, { readonly about: string }>>,
): readonly string[] {
  return ['', ...Object.entries(entries).map(([name, { about }]) => `- \`${name}\`: ${about}`)];
}
