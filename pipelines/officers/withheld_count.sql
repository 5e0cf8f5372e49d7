SELECT * FROM released.withheld WHERE n_shown + n_withheld > 0
