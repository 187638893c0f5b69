import type { Page } from '../http/page.ts'
import type { Services } from '../services.ts'
import { elementsPage } from './elements-page.ts'
import { fileNames, filePage, readElementsFile } from './files.ts'
import { vendorPage } from './vendor-page.ts'

/** Everything that browsers load of the vault: the page of the fields, its script, and the script for the merchant's page. */
export const framePages = (services: Pick<Services, 'sessions' | 'guesses' | 'store'>): readonly Page[] => [
  elementsPage(services, readElementsFile('frame.js')),
  vendorPage(services, readElementsFile('vendor.js')),
  ...fileNames.map((name) => filePage(name, readElementsFile(name))),
]
