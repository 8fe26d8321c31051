/** What rxmesh does with files, which hold keys: `files.node.ts` does it, `files.web.ts` cannot. */
export interface PlatformFiles {
  /**
   * The whole file as UTF-8 text; undefined when there is none. Rejects when it cannot be read. One
   * that is empty may be about to be created: it is looked at for a while.
   */
  read(path: string): Promise<FileContent | undefined>;
  /**
   * Creates the file with this text, readable by its owner only (mode 0600), unless something of
   * that name exists. Nobody ever sees a part of the text. It is on the disk, with its name, when
   * this resolves. The directory must exist.
   */
  create(path: string, text: string): Promise<'created' | 'exists'>;
  /**
   * Removes what a `create` of this file has left beside it when its process was killed. Only once
   * the file is complete: else somebody may be about to create it.
   */
  removeDrafts(path: string): Promise<void>;
}

/** A file that was read. */
export interface FileContent {
  readonly text: string;
  /**
   * Its mode (`'644'`), if others than its owner may read or write it. Absent where files have no
   * modes.
   */
  readonly openMode?: string;
}
