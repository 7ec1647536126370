import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '@fontsource/barlow-semi-condensed/500.css'
import '@fontsource/barlow-semi-condensed/600.css'
import './app/i18n'
import { Frame } from './app/Frame'
import { queries, router } from './app/router'
import { applyTokens } from './app/tokens'
import './app/styles/base.css'
import './app/styles/shell.css'
import './app/styles/table.css'
import './app/styles/collect.css'
import './app/styles/resource.css'
import './app/styles/print.css'

applyTokens()
const root = document.getElementById('root')
if (root) createRoot(root).render(<StrictMode><QueryClientProvider client={queries}><Frame><RouterProvider router={router} /></Frame></QueryClientProvider></StrictMode>)
