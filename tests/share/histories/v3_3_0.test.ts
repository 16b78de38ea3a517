import { testHistories } from '../oracle/property.ts';

testHistories('v3.3.0');
