import { describe, expect, it } from '@jest/globals';
import {
  AddressBook,
  addressesPerPeerMax,
  type AddressOrigin,
  failuresBeforeExpiry,
  hasWorked,
  isExpired,
  noteFailure,
  type KnownAddress,
} from '../../lib/peers/address-book.ts';
import { at } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

function bookWith(count: number, origin: AddressOrigin = 'named'): AddressBook {
  const book = new AddressBook();
  for (let n = 0; n < count; n += 1) book.learn(at('a', `host-${n}`), origin, true, undefined);
  return book;
}

const hosts = (book: AddressBook): (string | undefined)[] =>
  Array.from(book, ({ address }) => address.host);

function only(book: AddressBook): KnownAddress {
  const [known] = book;
  if (known === undefined) throw new Error('the book is empty');
  return known;
}

describe('AddressBook', () => {
  it('PM-13 learns an address once', () => {
    const book = new AddressBook();
    expect(book.learn(at('a'), 'named', true, undefined)).toBe(true);
    expect(book.learn(at('a'), 'named', true, undefined)).toBe(false);
    expect(book.size).toBe(1);
  });

  it('accepts no more addresses than the limit while none has failed', () => {
    const book = bookWith(addressesPerPeerMax);
    expect(book.learn(at('a', 'one-more'), 'named', true, undefined)).toBe(false);
    expect(book.size).toBe(addressesPerPeerMax);
  });

  it('replaces the address that failed most with a new one, but not the one in use', () => {
    const book = bookWith(addressesPerPeerMax);
    const [first, second, third] = book;
    if (first === undefined || second === undefined || third === undefined) throw new Error('few');
    first.failures = 3;
    second.failures = 2;
    third.failures = 1;
    expect(book.learn(at('a', 'one-more'), 'named', true, first)).toBe(true);
    expect(book.size).toBe(addressesPerPeerMax);
    expect(hosts(book)).toEqual(expect.arrayContaining(['host-0', 'host-2', 'one-more']));
    expect(hosts(book)).not.toContain('host-1');
  });

  it.each<readonly [AddressOrigin, AddressOrigin, boolean]>([
    ['heard', 'heard', false],
    ['heard', 'announced', false],
    ['heard', 'named', false],
    ['announced', 'heard', true],
    ['announced', 'announced', false],
    ['announced', 'named', false],
    ['named', 'heard', true],
    ['named', 'announced', true],
    ['named', 'named', false],
  ])('in a full book, an address that was %s replaces one that was %s: %j', (origin, of, does) => {
    const book = bookWith(addressesPerPeerMax, of);
    expect(book.learn(at('a', 'one-more'), origin, true, undefined)).toBe(does);
    const failed = book.get(at('a', 'host-4'));
    if (failed === undefined) throw new Error('few');
    failed.failures = 1;
    const mayReplaceFailed = does || origin === of;
    expect(book.learn(at('a', 'another'), origin, true, undefined)).toBe(mayReplaceFailed);
    expect(hosts(book).includes('host-4')).toBe(!mayReplaceFailed);
    expect(book.size).toBe(addressesPerPeerMax);
  });

  it('replaces what others have told first, then what the peer has announced', () => {
    const book = bookWith(addressesPerPeerMax - 2);
    book.learn(at('a', 'announced'), 'announced', true, undefined);
    book.learn(at('a', 'heard'), 'heard', true, undefined);
    for (const known of book) known.failures = known.origin === 'heard' ? 0 : 9;
    book.learn(at('a', 'one'), 'named', true, undefined);
    expect(hosts(book)).not.toContain('heard');
    book.learn(at('a', 'two'), 'named', true, undefined);
    expect(hosts(book)).not.toContain('announced');
    expect(hosts(book)).toEqual(expect.arrayContaining(['host-0', 'one', 'two']));
  });

  it('counts the strongest word for an address', () => {
    const book = new AddressBook();
    const origins = (['heard', 'announced', 'named', 'heard'] as const).map((origin) => {
      book.learn(at('a'), origin, true, undefined);
      return only(book).origin;
    });
    expect(origins).toEqual(['heard', 'announced', 'named', 'named']);
  });

  it('keeps all addresses of a persistent peer', () => {
    const book = new AddressBook();
    for (let n = 0; n < 2 * addressesPerPeerMax; n += 1) {
      book.learn(at('a', `host-${n}`), 'named', false, undefined);
    }
    expect(book.size).toBe(2 * addressesPerPeerMax);
  });

  it('is due when the first of its addresses is, and never without addresses', () => {
    const book = bookWith(2);
    const [first, second] = book;
    if (first === undefined || second === undefined) throw new Error('few');
    first.retryAtMs = 70;
    second.retryAtMs = 50;
    expect([book.dueMs(), new AddressBook().dueMs()]).toEqual([50, Infinity]);
  });

  it('ends all waits except infinite ones', () => {
    const book = bookWith(2);
    const [first, second] = book;
    if (first === undefined || second === undefined) throw new Error('few');
    first.retryAtMs = 70;
    second.retryAtMs = Infinity;
    book.endWaits();
    expect([first.retryAtMs, second.retryAtMs]).toEqual([0, Infinity]);
  });
});

describe('an address', () => {
  it('expires when it has failed long enough and often enough since it last worked', () => {
    const known = only(bookWith(1));
    for (let n = 0; n < failuresBeforeExpiry - 1; n += 1) noteFailure(known, 1_000 + n);
    expect(isExpired(known, 500, 9_000)).toBe(false);
    noteFailure(known, 9_000);
    expect(isExpired(known, 8_000, 8_999)).toBe(false);
    expect(isExpired(known, 8_000, 9_000)).toBe(true);
    expect(isExpired(known, 0, 9_000)).toBe(false);
    hasWorked(known);
    expect(isExpired(known, 8_000, 90_000)).toBe(false);
  });
});

trackLeaks();
