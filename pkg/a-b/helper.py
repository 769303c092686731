NAME = 'helped'
