import { inspectorIn } from '../inspect/site.node.ts';
import { meshAddress } from '../inspect/view.ts';
import { quote } from '../model/quote.ts';
import { UsageError } from './usage-error.ts';

/** How much of a page is read, in bytes: that of an inspector is far smaller. */
const pageBytesMax = 65_536;

/** Where an inspector is, and what it must be shown. */
export interface InspectorPlace {
  /** For dialing it. */
  readonly address: string;
  readonly token: string;
}

/**
 * The URL of an inspector in an argument.
 * @throws {UsageError} if it is none, or lacks the token
 */
export function inspectorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') {
    const here = 'the program that runs the node prints it, see inspect() and rxmesh listen';
    throw new UsageError(`a node is inspected at a URL of its own, http://…/?token=…: ${here}`);
  }
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`<url> must be http://host:port/?token=…, got ${quote(text)}`);
  }
  if ((url.searchParams.get('token') ?? '') === '') {
    throw new UsageError('<url> lacks its token: pass it whole, in quotes, with ?token=…');
  }
  return url;
}

/**
 * Asks a server for its inspector, as a browser does.
 * @throws {Error} if it cannot be reached, is no inspector, or knows another token
 */
export async function inspectorAt(url: URL, signal: AbortSignal): Promise<InspectorPlace> {
  const { origin } = url;
  const response = await fetch(url, { redirect: 'error', signal }).catch((error: unknown) => {
    throw new Error(`${origin} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  const id = inspectorIn(await textOf(response));
  if (id !== undefined) {
    const address = meshAddress(url, id);
    return { address, token: url.searchParams.get('token') ?? '' };
  }
  if (response.status === 403) {
    throw new Error(`${origin} refuses: wrong token? Each start of a program has a new one.`);
  }
  throw new Error(`there is no inspector at ${origin}: it answers with ${response.status}`);
}

/** What is behind `fetch failed`. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  if (!(cause instanceof Error)) return error instanceof Error ? error.message : String(error);
  // For a name with several addresses, there are several errors.
  const { code = cause.name } = cause as NodeJS.ErrnoException;
  return cause.message === '' ? code : cause.message;
}

/** The text of an answer, or its beginning. */
async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > pageBytesMax) break;
  }
  return text;
}
