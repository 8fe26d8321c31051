/** The two things that rxmesh does with files: `files.node.ts` does them, `files.web.ts` cannot. */
export interface PlatformFiles {
  /** The whole file as UTF-8 text; undefined when there is none. Rejects when it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /**
   * Creates the file with this text, readable by its owner only (mode 0600), unless something of
   * that name exists. Nobody ever sees a part of the text. The directory must exist.
   */
  create(path: string, text: string): Promise<'created' | 'exists'>;
}
