/** What a process of the test network tells its parent. */
export type NetworkReport =
  | { readonly address: string }
  | { readonly peers: number }
  | { readonly heard: string; readonly hops: number };
