import './style/tokens.css'
import './style/base.css'
import './style/layout.css'
import './style/controls.css'
import './style/pieces.css'
import './style/tables.css'
import './style/charts.css'
import './style/screens.css'
import './style/strategies.css'
import './style/playbooks.css'
import './style/access.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { App } from './app.tsx'
import { client } from './client.ts'
import { SignIn } from './screens/access/sign-in.tsx'
import { adoptLink, useSignedIn } from './session.ts'

adoptLink()
// A link that is opened in a tab where the dashboard is already.
window.addEventListener('hashchange', () => adoptLink() && window.location.reload())

function Dashboard() {
  const state = useSignedIn()
  return state === 'in' ? <App /> : <SignIn state={state} />
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Provider value={client}>
      <Dashboard />
    </Provider>
  </StrictMode>,
)
