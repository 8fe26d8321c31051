/** File access, for keys: implemented by `files.node.ts`, unavailable in `files.web.ts`. */
export interface PlatformFiles {
  /**
   * Reads a whole file as UTF-8 text; undefined if there is none. Rejects if it cannot be read. An
   * empty file may be in the process of being created, so it is checked again for a while.
   */
  read(path: string): Promise<FileContent | undefined>;
  /**
   * Creates a file with this text, readable only by its owner (mode 0600), unless the name exists.
   * No reader ever sees part of the text. When this resolves, the file and its name are on disk.
   * The directory must exist.
   */
  create(path: string, text: string): Promise<'created' | 'exists'>;
  /**
   * Removes drafts left behind by a `create` of this file whose process was killed. Call it only
   * once the file is complete: until then, another process may be creating it.
   */
  removeDrafts(path: string): Promise<void>;
}

/** The result of reading a file. */
export interface FileContent {
  readonly text: string;
  /**
   * The file's mode (`'644'`), if anyone but its owner may read or write it. Always undefined where
   * files have no modes.
   */
  readonly openMode?: string;
}
