/** One request and its answer, told so that a person may see it: no credential, no card data. */
export interface Exchange {
  readonly from: 'shop' | 'frame' | 'vault'
  readonly to: 'vault' | 'provider'
  readonly purpose: string
  /** `POST /tokens/session` */
  readonly request: string
  readonly headers?: Readonly<Record<string, string>>
  readonly sent?: unknown
  readonly status?: number
  readonly received?: unknown
  readonly tookMs?: number
}

/** What belongs together, such as everything that one payment needed. */
export interface Chapter {
  readonly title: string
  readonly exchanges: readonly Exchange[]
  note(exchange: Exchange): void
}

/** What happened behind the pages that one customer saw. */
export interface Journal {
  begin(title: string): Chapter
  /** The newest first. */
  chapters(): readonly Chapter[]
}

const keptChapters = 5

export const createJournal = (): Journal => {
  const chapters: Chapter[] = []
  return {
    begin: (title) => {
      const chapter = createChapter(title)
      chapters.unshift(chapter)
      chapters.splice(keptChapters)
      return chapter
    },
    chapters: () => chapters,
  }
}

const createChapter = (title: string): Chapter => {
  const exchanges: Exchange[] = []
  return { title, exchanges, note: (exchange) => void exchanges.push(exchange) }
}
