import type { Problem } from '../customers.ts'
import { html, type Markup } from '../html.ts'
import type { Texts } from '../texts/texts.ts'
import type { Page, View } from '../view.ts'

/** What went wrong with the payment before, if any did. */
export const showProblem = ({ texts, customer }: View): Markup | undefined => {
  if (!customer.problem) return undefined
  const sentences = sentencesOf[customer.problem](texts)
  return html`
      <div class="problem" role="alert" tabindex="-1" autofocus>
        ${sentences.map((sentence, at) => (at === 0 ? html`<p><strong>${sentence}</strong></p>` : html`<p>${sentence}</p>`))}
      </div>`
}

const sentencesOf: Readonly<Record<Problem, (texts: Texts) => readonly string[]>> = {
  declined: ({ problem }) => [problem.declined, problem.doNotHonor, problem.tryAgain],
  'without funds': ({ problem }) => [problem.declined, problem.withoutFunds, problem.tryAgain],
  'not sent': ({ problem }) => [problem.notSent],
  unclear: ({ problem }) => [problem.unclear],
}

export const showNotFound = ({ texts }: View): Page => nothing(texts.problem.notFound, texts)

export const showBroken = ({ texts }: View): Page => nothing(texts.problem.broken, texts)

const nothing = (title: string, { problem }: Texts): Page => ({
  title,
  main: html`
      <section class="empty">
        <h1>${title}</h1>
        <p><a class="button" href="/">${problem.home}</a></p>
      </section>`,
})
