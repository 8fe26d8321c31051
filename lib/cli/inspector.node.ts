import { readPage } from '../inspect/site.node.ts';
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
 * @throws {UsageError} if it is none
 */
export function inspectorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') {
    const whose = 'inspect() returns it, and rxmesh listen --inspect prints it';
    throw new UsageError(`a node is inspected at a URL of its own, http://…/?token=…: ${whose}`);
  }
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`<url> must be http://host:port/?token=…, got ${quote(text)}`);
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
  const page = readPage(await textOf(response));
  if (page === 'wrong token') {
    throw new Error(`${origin} refuses the token: each start of a program has a new one`);
  }
  if (page === 'wrong name') throw new Error(`${origin} refuses this name: use its IP address`);
  if (page === undefined) {
    throw new Error(`there is no inspector at ${origin}: it answers with ${response.status}`);
  }
  return { address: meshAddress(url, page.id), token: url.searchParams.get('token') ?? '' };
}

/** What is behind `fetch failed`. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: Partial<NodeJS.ErrnoException> };
  // For a name with several addresses, there are several errors, and no message.
  return cause?.message || cause?.code || String(error);
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
