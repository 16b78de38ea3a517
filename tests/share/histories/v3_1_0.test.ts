import { testHistories } from '../oracle/property.ts';

testHistories('v3.1.0');
