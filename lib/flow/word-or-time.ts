import { anInteger, isObject, type OptionKind } from '../model/check-options.ts';
import { timerMaxMs } from './clock.ts';

const aTime = anInteger(1, timerMaxMs);

/**
 * The kind of an option that takes one of the given words, or an object with one of the given
 * times: `'wait'`, `'drop'` or `{ waitMs }`.
 */
export function wordOrTime(words: readonly string[], times: readonly string[]): OptionKind {
  const forms = [...words.map((word) => `'${word}'`), ...times.map((name) => `{ ${name} }`)];
  const last = forms.pop();
  return {
    what: `${forms.join(', ')} or ${last ?? ''}, with milliseconds from 1 to 2^31 - 1`,
    accepts: (value) => {
      if (!isObject(value)) return words.some((word) => word === value);
      const [[name, ms] = [], ...more] = Object.entries(value);
      return name !== undefined && times.includes(name) && more.length === 0 && aTime.accepts(ms);
    },
  };
}
