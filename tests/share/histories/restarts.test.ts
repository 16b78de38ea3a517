import { testRestartedHistories } from '../oracle/property.ts';

testRestartedHistories('v3.3.0');
