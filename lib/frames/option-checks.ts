/** How services of messages check their options: with the sentences of the rest of the library. */
export { checkFunction, checkMethod, mistaken } from '../model/check-function.ts';
export { checkOptionNames } from '../model/check-option-names.ts';
export { mustBe } from '../model/described.ts';
export { addressHint } from '../model/id.ts';
