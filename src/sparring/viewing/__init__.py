"""What people look at: the report, figures for papers, films and recordings of attempts, a run as it goes."""
