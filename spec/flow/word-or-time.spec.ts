import { describe, expect, it } from '@jest/globals';
import { timerMaxMs } from '../../lib/flow/clock.ts';
import { wordOrTime } from '../../lib/flow/word-or-time.ts';

describe('wordOrTime', () => {
  const { what, accepts } = wordOrTime(['wait', 'drop'], ['dropAfterMs', 'evictAfterMs']);

  it('describes its forms', () => {
    expect(what).toBe(
      "'wait', 'drop', { dropAfterMs } or { evictAfterMs }, with milliseconds from 1 to 2^31 - 1",
    );
  });

  it.each([['wait'], ['drop'], [{ dropAfterMs: 1 }], [{ evictAfterMs: timerMaxMs }]])(
    'accepts %p',
    (value) => {
      expect(accepts(value)).toBe(true);
    },
  );

  it.each([
    ['stay'],
    [4],
    [undefined],
    [null],
    [['wait']],
    [{}],
    [{ waitMs: 4 }],
    [{ dropAfterMs: 4, evictAfterMs: 4 }],
    [{ dropAfterMs: 0 }],
    [{ dropAfterMs: 1.5 }],
    [{ dropAfterMs: '4' }],
    [{ evictAfterMs: timerMaxMs + 1 }],
  ])('refuses %p', (value) => {
    expect(accepts(value)).toBe(false);
  });
});
