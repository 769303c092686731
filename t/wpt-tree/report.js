report(%(output)d);
