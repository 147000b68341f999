import './styles/base.css';
import './styles/parts.css';
import './styles/views.css';

import { render } from 'preact';

import { App } from './ui/app.js';
import { startTheme } from './ui/theme.js';

startTheme();
render(<App />, document.getElementById('page')!);
