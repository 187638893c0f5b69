import { html } from '../html.ts'
import { type Page, spellAmount, type View } from '../view.ts'
import { drawLamp } from './lamp.ts'

export const showProduct = ({ texts, customer, price, language }: View): Page => {
  const { product } = texts
  return {
    title: product.name,
    main: html`
      <article class="product">
        <div class="picture">${drawLamp(product.picture)}</div>
        <div class="about">
          <p class="kind">${product.kind}</p>
          <h1>${product.name}</h1>
          <p class="lead">${product.lead}</p>
          <p>${product.story}</p>
          <p class="price">${spellAmount(price, language)}</p>
          <div class="actions">
            <a class="button" href="/checkout">${product.buy}</a>
            ${customer.savedCard ? html`<a class="button quiet" href="/again">${product.buyAgain}</a>` : undefined}
          </div>
          <p class="small">${product.delivery}</p>
          <dl class="facts">
            ${product.facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
          </dl>
        </div>
      </article>`,
  }
}
