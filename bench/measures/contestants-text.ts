/** A Markdown list of who takes part, for a measure's text; an empty line stands before it. */
export function contestantsText(
  entries: Readonly<Record<string, { readonly about: string }>>,
): readonly string[] {
  return ['', ...Object.entries(entries).map(([name, { about }]) => `- \`${name}\`: ${about}`)];
}
