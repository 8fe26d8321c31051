/** The longest `reason` and the longest text that an error carries, in UTF-16 code units. */
const reasonUnitsMax = 64;
const textUnitsMax = 1_024;

/** What a handler shows of an error, on its way to a peer or from one: `reason` is for programs. */
export interface ShownError {
  readonly reason: string;
  readonly text: string;
}

/** The same in one line each that fits, without control characters or half a surrogate pair. */
export function shortened({ reason, text }: ShownError): ShownError {
  return { reason: cut(reason, reasonUnitsMax), text: cut(text, textUnitsMax) };
}

function cut(text: string, unitsMax: number): string {
  return text.slice(0, unitsMax).replaceAll(/\p{Cc}|\p{Surrogate}/gu, ' ');
}
